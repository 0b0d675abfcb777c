(* Boolean checkers, and their soundness: evaluation, spurious, interior_minimum at any depth. *)
Require Import Reals List Lra Lia Arith Bool.
From Symverify Require Import Spec Losses InteriorMinimum Numbers.
Import ListNotations.
Open Scope R_scope.

Section Checkers.
Variable K : ops.
Variable KR : num K.
Notation t := (T K).
Notation r := (toR KR).

Definition rv : list t -> list R := map r.
Definition rm : list (list t) -> list (list R) := map rv.
Definition rp : params t -> params R := map rm.
Definition ra (h : act t) : act R :=
  (map (fun p => (r (fst (fst p)), r (snd (fst p)), r (snd p))) (fst h), (r (fst (snd h)), r (snd (snd h)))).
Definition rN : list (bool * act t) -> list (bool * act R) := map (fun bh => (fst bh, ra (snd bh))).
Definition rD : list (list t * list t) -> list (list R * list R) := map (fun d => (rv (fst d), rv (snd d))).
Definition rso : list (t * t) -> list (R * R) := map (fun so => (r (fst so), r (snd so))).

Fixpoint dotT (u v : list t) : t :=
  match u, v with a :: u', b :: v' => a *! b +! dotT u' v' | _, _ => zero K end.
Lemma dotT_ok : forall u v, r (dotT u v) = dot (rv u) (rv v).
Proof.
  induction u; intros [|b v]; simpl; try apply toR_zero. rewrite toR_add, toR_mul, IHu. reflexivity.
Qed.
Definition extT (b : bool) (x : list t) := if b then one K :: x else x.
Lemma extT_ok b x : rv (extT b x) = ext b (rv x).
Proof. destruct b; simpl; auto. rewrite toR_one; auto. Qed.

(* evaluation *)
Fixpoint plinT (ps : list (t * t * t)) (last : t * t) (z : t) : t :=
  match ps with
  | [] => fst last *! z +! snd last
  | p :: ps' => if leb K z (fst (fst p)) then snd (fst p) *! z +! snd p else plinT ps' last z
  end.
Definition evT (h : act t) z := plinT (fst h) (snd h) z.
Lemma evT_ok h z : r (evT h z) = ev (ra h) (r z).
Proof.
  destruct h as [ps [s o]]. unfold evT, ev. simpl. induction ps as [|[[a b] c] ps IH]; simpl.
  - rewrite toR_add, toR_mul; auto.
  - destruct (Rle_dec (r z) (r a)) as [H|H].
    + apply (leb_ok KR) in H. rewrite H, toR_add, toR_mul; auto.
    + destruct (leb K z a) eqn:E; [apply (leb_ok KR) in E; contradiction|]. exact IH.
Qed.
Definition layerT (bh : bool * act t) W x := let x' := extT (fst bh) x in map (fun row => evT (snd bh) (dotT row x')) W.
Fixpoint netT (N : list (bool * act t)) (th : params t) (x : list t) : list t :=
  match N, th with bh :: N', W :: th' => layerT bh W (netT N' th' x) | _, _ => x end.
Lemma netT_ok : forall N th x, rv (netT N th x) = net (rN N) (rp th) (rv x).
Proof.
  induction N as [|bh N IH]; intros th x; simpl; [destruct th; auto|]. destruct th as [|W th]; simpl; auto.
  rewrite <- IH. unfold layerT, layer. simpl. rewrite <- extT_ok. unfold rv at 1, rm. rewrite !map_map.
  apply map_ext. intros row. rewrite evT_ok, dotT_ok. reflexivity.
Qed.
Fixpoint sqdT (u v : list t) : t :=
  match u, v with a :: u', b :: v' => (let e := a -! b in e *! e) +! sqdT u' v' | _, _ => zero K end.
Lemma sqdT_ok : forall u v, r (sqdT u v) = sqd (rv u) (rv v).
Proof.
  induction u; intros [|b v]; simpl; try apply toR_zero. rewrite toR_add, toR_mul, toR_sub, IHu. reflexivity.
Qed.
(* residuals, twice, so that their squares are summed up as products *)
Fixpoint residual_pairs (u v : list t) : list (t * t) := match u, v with a :: u', b :: v' => (let e := a -! b in (e, e)) :: residual_pairs u' v' | _, _ => [] end.
Lemma residual_pairs_ok {A} (f g : A -> list t) D : r (products K (flat_map (fun d => residual_pairs (f d) (g d)) D)) = sum (fun d => r (sqdT (f d) (g d))) D.
Proof.
  rewrite toR_products. induction D as [|d D IH]; [reflexivity|]. cbn [flat_map sum]. rewrite fold_right_app, IH. generalize (sum (fun d => r (sqdT (f d) (g d))) D). clear IH.
  intros s. generalize (g d). induction (f d) as [|a u IH]; intros [|b v]; cbn [residual_pairs sqdT fold_right fst snd]; rewrite ?toR_zero; try ring. cbv zeta. cbn [fst snd]. rewrite IH, toR_add, toR_mul, !toR_sub. ring.
Qed.
(* a loss, for the checkers, and in the reals *)
Fixpoint totalT (l : list t -> list t -> t) N (D : list (list t * list t)) th : t :=
  match D with [] => zero K | d :: D' => l (netT N th (fst d)) (snd d) +! totalT l N D' th end.
Definition riskT l c N D th := c *! totalT l N D th.
Definition means1 (l : list t -> list t -> t) (L : list R -> list R -> R) : Prop := forall u y, r (l u y) = L (rv u) (rv y).
Definition means (l : list t -> list t -> t) (g : list t -> list t -> list t) (L : convex_loss) : Prop :=
  means1 l (value L) /\ forall u y, rv (g u y) = slope L (rv u) (rv y).
Lemma riskT_ok l L c N D th : means1 l L -> r (riskT l c N D th) = risk_of L (r c) (rN N) (rD D) (rp th).
Proof.
  intros HL. unfold riskT, risk_of. rewrite toR_mul. f_equal. induction D; simpl; [apply toR_zero|].
  rewrite toR_add, HL, netT_ok, IHD. reflexivity.
Qed.
(* squared loss *)
Definition sqgT : list t -> list t -> list t := map2 (fun a b => let e := a -! b in e +! e).
Lemma map2_ok (f : t -> t -> t) F : (forall a b, r (f a b) = F (r a) (r b)) -> forall u y, rv (map2 f u y) = map2 F (rv u) (rv y).
Proof. intros H. induction u; intros [|b y]; simpl; auto. rewrite H, IHu. reflexivity. Qed.
Lemma squared_ok : means sqdT sqgT squared.
Proof.
  split; [intros u y; apply sqdT_ok|]. intros u y. apply map2_ok. intros. rewrite toR_add, toR_sub. ring.
Qed.


(* shapes *)
Fixpoint all2 {A} (f : A -> A -> bool) (u v : list A) : bool :=
  match u, v with [], [] => true | a :: u', b :: v' => f a b && all2 f u' v' | _, _ => false end.
Definition shapeT : params t -> params t -> bool := all2 (all2 (all2 (fun _ _ => true))).
Lemma all2_ok {A B} (m : A -> B) f (P : B -> B -> Prop) : (forall a b, f a b = true -> P (m a) (m b)) ->
  forall u v, all2 f u v = true -> Forall2 P (map m u) (map m v).
Proof.
  intros H. induction u; intros [|b v] E; simpl in *; try discriminate; constructor.
  - apply H. apply andb_prop in E; tauto.
  - apply IHu. apply andb_prop in E; tauto.
Qed.
Lemma shapeT_ok th th' : shapeT th th' = true -> same_shape (rp th) (rp th').
Proof. unfold same_shape, shapeT, rp. apply all2_ok. intros W W'. apply all2_ok. intros u v. apply all2_ok. auto. Qed.

(* 1. a strictly better point *)
Definition check_better l c N D th th' := shapeT th th' && ltb K (riskT l c N D th') (riskT l c N D th).
Theorem check_better_ok l L c N D th th' : means1 l L -> check_better l c N D th th' = true ->
  same_shape (rp th) (rp th') /\
  risk_of L (r c) (rN N) (rD D) (rp th') < risk_of L (r c) (rN N) (rD D) (rp th).
Proof.
  intros HL H. apply andb_prop in H. destruct H as [H1 H2]. split; [apply shapeT_ok; auto|].
  rewrite <- !(riskT_ok l L) by auto. apply (ltb_ok KR); auto.
Qed.

(* 2. interior minimum *)
Fixpoint insideT (ps : list (t * t * t)) (last : t * t) (z : t) : option (t * t) :=
  match ps with
  | [] => Some last
  | p :: ps' => if ltb K z (fst (fst p)) then Some (snd (fst p), snd p)
                else if ltb K (fst (fst p)) z then insideT ps' last z else None
  end.
Lemma insideT_ok h z s o : insideT (fst h) (snd h) z = Some (s, o) -> strict (ra h) (r z) (r s) (r o).
Proof.
  destruct h as [ps last]. unfold strict, ev. simpl. revert s o. induction ps as [|[[a b] c] ps IH]; simpl; intros s o H.
  - destruct last. inversion H; subst. exists 1. split; [lra|auto].
  - destruct (ltb K z a) eqn:E1.
    + inversion H; subst. apply (ltb_ok KR) in E1. exists (r a - r z). split; [lra|]. intros z' Hz.
      destruct (Rle_dec z' (r a)) as [HL|HL]; auto. exfalso. apply Rabs_def2 in Hz. lra.
    + destruct (ltb K a z) eqn:E2; [|discriminate]. apply (ltb_ok KR) in E2. destruct (IH _ _ H) as (d & Hd & HH).
      exists (Rmin d (r z - r a)). split; [apply Rmin_pos; lra|]. intros z' Hz.
      assert (L1 := Rmin_l d (r z - r a)). assert (L2 := Rmin_r d (r z - r a)).
      destruct (Rle_dec z' (r a)) as [HL|HL].
      * exfalso. assert (A : Rabs (z' - r z) < r z - r a) by lra. apply Rabs_def2 in A. lra.
      * apply HH. lra.
Qed.

Fixpoint unitsT (h : act t) (W : list (list t)) (x : list t) : option (list (t * t) * list t) :=
  match W with
  | [] => Some ([], [])
  | row :: W' =>
      let z := dotT row x in
      match insideT (fst h) (snd h) z with
      | None => None
      | Some so => match unitsT h W' x with
          | None => None
          | Some (L, a) => Some (so :: L, fst so *! z +! snd so :: a) end end end.
Lemma unitsT_ok bh : forall W a L a', unitsT (snd bh) W (extT (fst bh) a) = Some (L, a') ->
  inside_units (fst bh, ra (snd bh)) (rso L) (rm W) (rv a) /\ layer (fst bh, ra (snd bh)) (rm W) (rv a) = rv a'.
Proof.
  induction W as [|row W IH]; intros a L a' H; simpl in *.
  - inversion H; subst; simpl; auto.
  - destruct (insideT _ _ _) as [[s o]|] eqn:E; [|discriminate].
    destruct (unitsT _ _ _) as [[L0 a0]|] eqn:E2; [|discriminate]. inversion H; subst. simpl.
    destruct (IH _ _ _ E2) as [I1 I2]. apply insideT_ok in E. rewrite dotT_ok, extT_ok in E.
    split; [split; auto|]. f_equal; auto. 
    rewrite toR_add, toR_mul, dotT_ok, extT_ok. destruct E as (d & Hd & E). apply E. rewrite Rminus_eq_0, Rabs_R0; auto.
Qed.
(* the first layer without biases at x = 0: slope 0 and the value at 0 *)
Definition is_dead (N' : list (bool * act t)) (bh : bool * act t) (x : list t) : bool :=
  match N' with [] => negb (fst bh) && forallb (fun a => leb K a (zero K) && leb K (zero K) a) x | _ => false end.
Fixpoint traceT (N : list (bool * act t)) (th : params t) (x : list t) : option (list (list (t * t)) * list t) :=
  match N, th with
  | bh :: N', W :: th' =>
      match traceT N' th' x with
      | None => None
      | Some (p, a) =>
          if is_dead N' bh x then let v := evT (snd bh) (zero K) in Some (map (fun _ => (zero K, v)) W :: p, map (fun _ => v) W)
          else match unitsT (snd bh) W (extT (fst bh) a) with
          | None => None
          | Some (L, a') => Some (L :: p, a') end end
  | _, _ => Some ([], x)
  end.
Lemma is_dead_ok N' bh x : is_dead N' bh x = true -> N' = [] /\ fst bh = false /\ forall row, dot row (rv x) = 0.
Proof.
  unfold is_dead. destruct N'; [|discriminate]. intros H. apply andb_prop in H. destruct H as [H1 H2]. apply negb_true_iff in H1. split; auto. split; auto.
  induction x as [|a x IH]; intros [|b row]; simpl in *; auto. apply andb_prop in H2. destruct H2 as [H2 H3]. apply andb_prop in H2. destruct H2 as [A B].
  apply (leb_ok KR) in A, B. rewrite toR_zero in *. rewrite (IH H3 row). replace (r a) with 0 by lra. ring.
Qed.
Lemma dead_row_ok bh W x : fst bh = false -> (forall row, dot row (rv x) = 0) ->
  dead_row [] (fst bh, ra (snd bh)) (rso (map (fun _ => (zero K, evT (snd bh) (zero K))) W)) (rm W) (rv x) /\
  layer (fst bh, ra (snd bh)) (rm W) (rv x) = rv (map (fun _ => evT (snd bh) (zero K)) W).
Proof.
  intros B Z. assert (V : r (evT (snd bh) (zero K)) = ev (ra (snd bh)) 0) by (rewrite evT_ok, toR_zero; auto). split.
  - split; [auto|]. split; [exact B|]. split; [exact Z|]. cbn [snd]. intros j Hj. unfold rm in Hj. rewrite map_length in Hj. unfold rso. rewrite map_map. cbn [fst snd]. rewrite V.
    clear - Hj. revert j Hj. induction W as [|row W IH]; intros [|j] Hj; simpl in *; try lia; auto. apply IH. lia.
  - unfold layer, rv at 2, rm. rewrite !map_map. apply map_ext. intros row. cbn [fst snd]. rewrite B. cbn [ext]. rewrite Z. auto.
Qed.
Lemma traceT_ok : forall N th x p a, traceT N th x = Some (p, a) ->
  inside (rN N) (map rso p) (rp th) (rv x) /\ net (rN N) (rp th) (rv x) = rv a.
Proof.
  induction N as [|bh N IH]; intros th x p a H; simpl in *.
  - inversion H; subst. destruct (rp th); auto.
  - destruct th as [|W th]; simpl in *; [inversion H; auto|].
    destruct (traceT N th x) as [[p0 a0]|] eqn:E; [|discriminate]. destruct (IH _ _ _ _ E) as [I1 I2].
    destruct (is_dead N bh x) eqn:Dd.
    + destruct (is_dead_ok _ _ _ Dd) as (EN & EB & Z). inversion H; subst. destruct (dead_row_ok bh W x EB Z) as [D1 D2]. split; [split; [right; exact D1|exact I1]|].
      simpl in *. destruct (rp th); exact D2.
    + destruct (unitsT _ _ _) as [[L a1]|] eqn:E2; [|discriminate]. inversion H; subst. destruct (unitsT_ok _ _ _ _ _ E2) as [I3 I4].
      rewrite I2. simpl. auto.
Qed.

Fixpoint sumT {I} (f : I -> t) (S : list I) : t := match S with [] => zero K | i :: S' => f i +! sumT f S' end.
Lemma sumT_ok {I} (f : I -> t) S : r (sumT f S) = sum (fun i => r (f i)) S.
Proof. induction S; simpl; [apply toR_zero|]. rewrite toR_add, IHS; auto. Qed.

Definition sampT : Type := (t * list (list (t * t)) * list t)%type.
Definition rs (s : sampT) : samp := (r (fst (fst s)), map rso (snd (fst s)), rv (snd s)).
Definition pieceT (j : nat) (s : sampT) : t * t := nth j (hd [] (snd (fst s))) (zero K, zero K).
Definition advanceT (j : nat) (s : sampT) : sampT := (fst (fst s) *! fst (pieceT j s), tl (snd (fst s)), snd s).
Lemma pieceT_ok j s : piece_of j (rs s) = (r (fst (pieceT j s)), r (snd (pieceT j s))).
Proof.
  destruct s as [[w p] x]. unfold piece_of, pieceT, rs, spat. simpl. replace (hd [] (map rso p)) with (rso (hd [] p)) by (destruct p; auto).
  unfold rso. replace (0, 0) with ((fun so : t * t => (r (fst so), r (snd so))) (zero K, zero K)) by (simpl; rewrite toR_zero; auto).
  rewrite (map_nth (fun so : t * t => (r (fst so), r (snd so)))). reflexivity.
Qed.
Lemma advanceT_ok j s : advance j (rs s) = rs (advanceT j s).
Proof.
  unfold advance. rewrite pieceT_ok. destruct s as [[w p] x]. unfold advanceT, rs, swt, spat, sx. simpl. rewrite toR_mul.
  destruct p; auto.
Qed.

Fixpoint killT (d : nat) (N : list (bool * nat)) (S : list sampT) : bool :=
  match N with
  | [] => forallb (fun s => (length (snd s) <=? d)%nat) S &&
          forallb (fun m => eqb K (sumT (fun s : sampT => fst (fst s) *! nth m (snd s) (zero K)) S) (zero K)) (seq 0 d)
  | bw :: N' => forallb (fun j =>
       eqb K (sumT (fun s : sampT => fst (fst s) *! snd (pieceT j s)) S) (zero K) &&
       (negb (fst bw) || eqb K (sumT (fun s : sampT => fst (fst s) *! fst (pieceT j s)) S) (zero K)) &&
       killT d N' (map (advanceT j) S)) (seq 0 (snd bw))
  end.
Lemma killT_ok d : forall N S, killT d N S = true -> kill N (map rs S).
Proof.
  induction N as [|[b w] N IH]; intros S H; simpl in *.
  - apply andb_prop in H. destruct H as [H1 H2]. intros m. rewrite forallb_forall in H1, H2. rewrite sum_map.
    destruct (le_lt_dec d m) as [L|L].
    + apply sum_0. intros s Hs. specialize (H1 s Hs). apply Nat.leb_le in H1. unfold rs, sx. simpl.
      rewrite nth_overflow; [ring|]. unfold rv. rewrite map_length. lia.
    + assert (H3 : In m (seq 0 d)) by (apply in_seq; lia). apply H2, (eqb_ok KR) in H3. rewrite toR_zero, sumT_ok in H3.
      etransitivity; [|exact H3]. apply sum_ext. intros [[u p] x] _. unfold rs, swt, sx. simpl. rewrite toR_mul. f_equal.
      rewrite <- (toR_zero KR). unfold rv. apply map_nth.
  - rewrite forallb_forall in H. intros j Hj. assert (Q : In j (seq 0 w)) by (apply in_seq; lia).
    apply H in Q. apply andb_prop in Q. destruct Q as [Q Q3]. apply andb_prop in Q. destruct Q as [Q1 Q2].
    repeat split.
    + apply (eqb_ok KR) in Q1. rewrite toR_zero, sumT_ok in Q1. rewrite sum_map. etransitivity; [|exact Q1]. apply sum_ext.
      intros s _. rewrite pieceT_ok, toR_mul. destruct s as [[? ?] ?]. reflexivity.
    + intros ->. simpl in Q2. apply (eqb_ok KR) in Q2. rewrite toR_zero, sumT_ok in Q2. rewrite sum_map. etransitivity; [|exact Q2].
      apply sum_ext. intros s _. rewrite pieceT_ok, toR_mul. destruct s as [[? ?] ?]. reflexivity.
    + rewrite map_map. erewrite map_ext; [|intros; apply advanceT_ok]. rewrite <- map_map. apply IH; auto.
Qed.

Fixpoint shapeNT (N : list (bool * act t)) (th : params t) : list (bool * nat) :=
  match N, th with bh :: N', W :: th' => (fst bh, length W) :: shapeNT N' th' | _, _ => [] end.
Lemma shapeNT_ok : forall N th, shapeN (rN N) (rp th) = shapeNT N th.
Proof. induction N; intros [|W th]; simpl; auto. unfold rm at 1. rewrite map_length, IHN; auto. Qed.

(* per sample: its trace *)
Fixpoint tracesT N th (D : list (list t * list t)) : option (list (list t * list t * (list (list (t * t)) * list t))) :=
  match D with
  | [] => Some []
  | d :: D' => match traceT N th (fst d), tracesT N th D' with Some pa, Some l => Some ((d, pa) :: l) | _, _ => None end
  end.
Definition two := one K +! one K.
(* m outputs, inputs of d coordinates *)
Definition check_interior (g : list t -> list t -> list t) (m d : nat) (c : t) N D th : bool :=
  leb K (zero K) c &&
  match tracesT N th D with
  | None => false
  | Some l =>
      forallb (fun e => (length (snd (fst e)) =? m)%nat && (length (snd (snd e)) =? m)%nat) l &&
      forallb (fun k => killT d (shapeNT N th) (map (fun e => 
         (nth k (g (snd (snd e)) (snd (fst e))) (zero K), fst (snd e), fst (fst e))) l)) (seq 0 m)
  end.

Lemma tracesT_ok N th : forall D l, tracesT N th D = Some l ->
  map fst l = D /\ forall e, In e l -> traceT N th (fst (fst e)) = Some (snd e).
Proof.
  induction D as [|d D IH]; simpl; intros l H.
  - inversion H; subst; simpl; split; auto. intros e [].
  - destruct (traceT N th (fst d)) eqn:E; [|discriminate]. destruct (tracesT N th D) eqn:E2; [|discriminate].
    inversion H; subst. destruct (IH _ eq_refl) as [I1 I2]. simpl. rewrite I1. split; auto. intros e [<-|He]; auto.
Qed.

Theorem check_interior_ok l g L m d c N D th : means l g L -> check_interior g m d c N D th = true ->
  local_min (risk_of (value L) (r c) (rN N) (rD D)) (rp th).
Proof.
  unfold check_interior. intros [_ HG] H. apply andb_prop in H. destruct H as [Hc H].
  destruct (tracesT N th D) as [tr|] eqn:E; [|discriminate]. apply andb_prop in H. destruct H as [H1 H2].
  rewrite forallb_forall in H1, H2. destruct (tracesT_ok _ _ _ _ E) as [T1 T2].
  set (f := fun e : list t * list t * (list (list (t * t)) * list t) =>
     (rv (fst (fst e)), rv (snd (fst e)), map rso (fst (snd e)))).
  replace (rD D) with (map fst (map f tr)).
  2:{ rewrite map_map. unfold f. simpl. rewrite <- T1. unfold rD. rewrite map_map. reflexivity. }
  apply interior_minimum with m.
  - apply (leb_ok KR) in Hc. rewrite toR_zero in Hc. auto.
  - intros e He. apply in_map_iff in He. destruct He as (e0 & <- & He). unfold f; simpl.
    specialize (T2 e0 He). destruct e0 as [[x y] [p a]]. simpl in *. apply traceT_ok in T2. destruct T2 as [T2 T3].
    specialize (H1 _ He). simpl in H1. apply andb_prop in H1. destruct H1 as [L1 L2]. apply Nat.eqb_eq in L1, L2.
    rewrite T3. unfold rv. rewrite !map_length. auto.
  - intros k Hk. assert (Q : In k (seq 0 m)) by (apply in_seq; lia). apply H2, killT_ok in Q.
    rewrite shapeNT_ok. rewrite map_map in *. erewrite map_ext_in; [exact Q|]. intros e He.
    specialize (T2 e He). destruct e as [[x y] [p a]]. unfold f, residual, rs. simpl in *. apply traceT_ok in T2.
    destruct T2 as [_ T3]. rewrite T3, <- HG. f_equal. f_equal. rewrite <- (toR_zero KR). unfold rv. apply map_nth.
Qed.

(* 1 + 2 *)
Definition check_spurious l g m d c N D th th' := check_interior g m d c N D th && check_better l c N D th th'.
Theorem check_spurious_ok l g L m d c N D th th' : means l g L -> check_spurious l g m d c N D th th' = true ->
  spurious_min (risk_of (value L) (r c) (rN N) (rD D)) (rp th).
Proof.
  intros HL H. apply andb_prop in H. destruct H as [H1 H2]. split; [eapply check_interior_ok; eauto|].
  exists (rp th'). eapply check_better_ok; eauto. apply HL.
Qed.
End Checkers.
Arguments rv {K}. Arguments rm {K}. Arguments rp {K}. Arguments ra {K}. Arguments rN {K}. Arguments rD {K}. Arguments rso {K}. Arguments rs {K}.
Arguments means1 {K}. Arguments means {K}.
