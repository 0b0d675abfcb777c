(* Tools for theorem 1: least squares, separating directions, sums. *)
Require Import Reals List Lra Lia Arith Permutation.
From Symverify Require Import Spec Losses InteriorMinimum.
Import ListNotations.
Open Scope R_scope.

Fixpoint vadd (u v : list R) : list R :=
  match u, v with [], _ => v | _, [] => u | a :: u', b :: v' => a + b :: vadd u' v' end.
Lemma dot_scale k v X : dot (map (Rmult k) v) X = k * dot v X.
Proof. revert X. induction v; intros [|x X]; simpl; try ring. rewrite IHv; ring. Qed.

Lemma sum_pos {I} (f : I -> R) S : (forall i, In i S -> 0 <= f i) -> 0 <= sum f S.
Proof. intros H. rewrite <- (sum_zero S). apply sum_le; auto. Qed.
Lemma sum_sq_zero {I} (f : I -> R) S : sum (fun i => f i * f i) S = 0 -> forall i, In i S -> f i = 0.
Proof.
  induction S as [|a S IH]; simpl; intros H i [].
  - subst. assert (0 <= sum (fun i => f i * f i) S) by (apply sum_pos; intros; apply Rle_0_sqr).
    assert (0 <= f i * f i) by apply Rle_0_sqr. nra.
  - apply IH; auto. assert (0 <= sum (fun i => f i * f i) S) by (apply sum_pos; intros; apply Rle_0_sqr).
    assert (0 <= f a * f a) by apply Rle_0_sqr. lra.
Qed.
Lemma dot_vadd : forall u v X, dot (vadd u v) X = dot u X + dot v X.
Proof.
  induction u as [|a u IH]; intros v X; simpl; [ring|]. destruct v as [|b v]; simpl; [ring|].
  destruct X; simpl; [ring|]. rewrite IH; ring.
Qed.
Lemma vadd_length : forall u v, length u = length v -> length (vadd u v) = length u.
Proof. induction u; intros [|b v] H; simpl in *; try discriminate; auto. Qed.

(* least squares *)
Lemma least_squares {I} (S : list I) : forall k (F : I -> list R), (forall i, In i S -> length (F i) = k) ->
  forall y : I -> R, exists cs, length cs = k /\ forall m, sum (fun i => (dot cs (F i) - y i) * nth m (F i) 0) S = 0.
Proof.
  induction k as [|k IH]; intros F HF y.
  - exists []. split; auto. intros m. apply sum_0. intros i Hi. specialize (HF i Hi). destruct (F i); [|discriminate]. destruct m; simpl; ring.
  - set (F' := fun i => tl (F i)). set (p := fun i => hd 0 (F i)).
    assert (HF' : forall i, In i S -> length (F' i) = k).
    { intros i Hi. specialize (HF i Hi). unfold F'. destruct (F i); simpl in *; [discriminate|lia]. }
    assert (EF : forall i, In i S -> F i = p i :: F' i).
    { intros i Hi. specialize (HF i Hi). unfold F', p. destruct (F i); simpl in *; [discriminate|auto]. }
    destruct (IH F' HF' p) as (c0 & L0 & H0). destruct (IH F' HF' y) as (c1 & L1 & H1).
    set (e := fun i => dot c0 (F' i) - p i). set (ry := fun i => dot c1 (F' i) - y i).
    assert (E0 : forall c, sum (fun i => e i * dot c (F' i)) S = 0) by (intros; apply kill_comb; auto).
    assert (E1 : forall c, sum (fun i => ry i * dot c (F' i)) S = 0) by (intros; apply kill_comb; auto).
    destruct (Req_EM_T (sum (fun i => e i * e i) S) 0) as [Z|Z].
    + assert (Z' := sum_sq_zero _ _ Z). exists (0 :: c1). split; [simpl; auto|]. intros [|m].
      * etransitivity; [|apply (E1 c0)]. apply sum_ext. intros i Hi. rewrite (EF i Hi). cbn [dot nth].
        specialize (Z' i Hi). unfold e in Z'. unfold ry. replace (p i) with (dot c0 (F' i)) by lra. ring.
      * etransitivity; [|apply (H1 m)]. apply sum_ext. intros i Hi. rewrite (EF i Hi). cbn [dot nth]. ring.
    + set (ee := sum (fun i => e i * e i) S) in *. set (be := sum (fun i => ry i * e i) S / ee).
      (* prediction: c1.F' - be e *)
      exists (be :: vadd c1 (map (Rmult (- be)) c0)). split.
      { simpl. rewrite vadd_length; [lia|rewrite map_length; lia]. }
      assert (PR : forall i, In i S -> dot (be :: vadd c1 (map (Rmult (- be)) c0)) (F i) - y i = ry i + - be * e i).
      { intros i Hi. rewrite (EF i Hi). cbn [dot]. rewrite dot_vadd, dot_scale. unfold ry, e. ring. }
      assert (OF : forall c, sum (fun i => (ry i + - be * e i) * dot c (F' i)) S = 0).
      { intros c. transitivity (sum (fun i => ry i * dot c (F' i)) S + - be * sum (fun i => e i * dot c (F' i)) S).
        - rewrite <- sum_scal, <- sum_plus. apply sum_ext. intros; ring.
        - rewrite E0, E1. ring. }
      assert (OE : sum (fun i => (ry i + - be * e i) * e i) S = 0).
      { transitivity (sum (fun i => ry i * e i) S + - be * ee).
        - unfold ee. rewrite <- sum_scal, <- sum_plus. apply sum_ext. intros; ring.
        - unfold be. field. auto. }
      intros [|m].
      * transitivity (sum (fun i => (ry i + - be * e i) * dot c0 (F' i)) S + (-1) * sum (fun i => (ry i + - be * e i) * e i) S).
        -- rewrite <- sum_scal, <- sum_plus. apply sum_ext. intros i Hi. rewrite (PR i Hi), (EF i Hi). cbn [nth]. unfold e. ring.
        -- rewrite OF, OE. ring.
      * transitivity (sum (fun i => ry i * nth m (F' i) 0) S + - be * sum (fun i => e i * nth m (F' i) 0) S).
        -- rewrite <- sum_scal, <- sum_plus. apply sum_ext. intros i Hi. rewrite (PR i Hi), (EF i Hi). cbn [nth]. ring.
        -- unfold ry, e. rewrite (H1 m), (H0 m). ring.
Qed.

(* a real outside a finite list *)
Lemma fresh (B : list R) : exists e, ~ In e B.
Proof.
  assert (H : forall b, In b B -> b <= sum Rabs B).
  { induction B as [|a B IH]; intros b []; simpl.
    - subst. assert (0 <= sum Rabs B) by (apply sum_pos; intros; apply Rabs_pos). assert (b <= Rabs b) by apply Rle_abs. lra.
    - specialize (IH b H). assert (0 <= Rabs a) by apply Rabs_pos. lra. }
  exists (sum Rabs B + 1). intros H1. apply H in H1. lra.
Qed.

(* one direction that is orthogonal to none of finitely many non-zero vectors *)
Lemma generic n : forall V, (forall v, In v V -> length v = n /\ dot v v <> 0) ->
  exists w, length w = n /\ forall v, In v V -> dot w v <> 0.
Proof.
  induction V as [|v V IH]; intros H.
  - exists (repeat 0 n). split; [apply repeat_length|intros ? []].
  - destruct IH as (w & Lw & Hw); [intros; apply H; right; auto|].
    destruct (H v (or_introl eq_refl)) as [Lv Hv].
    destruct (fresh (map (fun u => - dot w u / dot v u) (v :: V))) as (e & He).
    exists (vadd w (map (Rmult e) v)). split; [rewrite vadd_length; [auto|rewrite map_length; lia]|].
    intros u Hu E. rewrite dot_vadd, dot_scale in E.
    destruct (Req_EM_T (dot v u) 0) as [Z|Z].
    + destruct Hu as [<-|Hu]; [contradiction|]. rewrite Z in E. apply (Hw u Hu). lra.
    + apply He. apply in_map_iff. exists u. split; auto. apply Rmult_eq_reg_r with (dot v u); auto. field_simplify; auto. lra.
Qed.
Definition vsub (u v : list R) := vadd u (map (Rmult (-1)) v).
Lemma vsub_zero : forall u v, length u = length v -> dot (vsub u v) (vsub u v) = 0 -> u = v.
Proof.
  assert (P : forall u, 0 <= dot u u) by (induction u as [|x u]; simpl; [lra|assert (0 <= x * x) by apply Rle_0_sqr; lra]).
  induction u as [|a u IH]; intros [|b v] L H; simpl in L; try discriminate; auto.
  unfold vsub in H. simpl in H. fold (vsub u v) in H. assert (P' := P (vsub u v)).
  assert (Q : 0 <= (a + -1 * b) * (a + -1 * b)) by apply Rle_0_sqr.
  f_equal; [nra|]. apply IH; [lia|lra].
Qed.
Lemma separate n (S : list (list R)) : (forall x, In x S -> length x = n) ->
  exists w, length w = n /\ forall x x', In x S -> In x' S -> dot w x = dot w x' -> x = x'.
Proof.
  intros H.
  set (V := flat_map (fun x => map (vsub x) (filter (fun x' => if list_eq_dec Req_EM_T x x' then false else true) S)) S).
  destruct (generic n V) as (w & Lw & Hw).
  { intros v Hv. apply in_flat_map in Hv. destruct Hv as (x & Hx & Hv). apply in_map_iff in Hv. destruct Hv as (x' & <- & Hx').
    apply filter_In in Hx'. destruct Hx' as [Hx' N]. destruct (list_eq_dec Req_EM_T x x') as [|Ne]; [discriminate|].
    assert (L := H x Hx). assert (L' := H x' Hx'). split.
    - unfold vsub. rewrite vadd_length; auto. rewrite map_length. lia.
    - intros Z. apply Ne, vsub_zero; auto. lia. }
  exists w. split; auto. intros x x' Hx Hx' E. destruct (list_eq_dec Req_EM_T x x') as [|Ne]; auto. exfalso.
  apply (Hw (vsub x x')).
  - apply in_flat_map. exists x. split; auto. apply in_map, filter_In. split; auto. destruct (list_eq_dec Req_EM_T x x'); auto.
  - assert (C : forall u v, dot u v = dot v u) by (induction u; intros [|? v]; simpl; auto; rewrite IHu; ring).
    rewrite C. unfold vsub. rewrite dot_vadd, dot_scale. rewrite (C x), (C x'). lra.
Qed.

Lemma sum_single {I} (f : I -> R) k : forall S, NoDup S -> In k S -> (forall i, In i S -> i <> k -> f i = 0) -> sum f S = f k.
Proof.
  induction S as [|a S IH]; intros N E H; [destruct E|]. destruct E as [E|E].
  - subst. simpl. inversion N; subst. rewrite sum_0; [ring|]. intros i Hi. apply H; [right; auto|]. intros ->; contradiction.
  - simpl. inversion N; subst. rewrite IH; auto; [|intros; apply H; auto; right; auto].
    rewrite (H a); [ring|left; auto|]. intros ->; contradiction.
Qed.
Lemma gap {I} (u : I -> R) (S : list I) : exists d, 0 < d /\ forall i, In i S -> u i <> 0 -> d < Rabs (u i).
Proof.
  induction S as [|a S (d & Hd & H)].
  - exists 1. split; [lra|intros ? []].
  - destruct (Req_EM_T (u a) 0) as [Z|Z].
    + exists d. split; auto. intros i [<-|Hi] Ne; [contradiction|auto].
    + assert (P := Rabs_pos_lt _ Z). exists (Rmin d (Rabs (u a) / 2)). split; [apply Rmin_pos; lra|].
      assert (L1 := Rmin_l d (Rabs (u a) / 2)). assert (L2 := Rmin_r d (Rabs (u a) / 2)).
      intros i [<-|Hi] Ne; [lra|]. specialize (H i Hi Ne). lra.
Qed.

Lemma dot_rep0 : forall n u, dot (repeat 0 n) u = 0.
Proof. induction n; intros [|y u]; simpl; auto. rewrite IHn; ring. Qed.
Lemma argmin {I} (z : I -> R) : forall S, S <> [] -> exists k, In k S /\ forall i, In i S -> z k <= z i.
Proof.
  induction S as [|a S IH]; intros H; [contradiction|]. destruct S as [|b S].
  - exists a. split; [left; auto|]. intros i [<-|[]]; lra.
  - destruct IH as (k & Hk & Hm); [discriminate|]. destruct (Rle_dec (z a) (z k)) as [L|L].
    + exists a. split; [left; auto|]. intros i [<-|Hi]; [lra|]. specialize (Hm i Hi). lra.
    + exists k. split; [right; auto|]. intros i [<-|Hi]; [lra|auto].
Qed.
Lemma sum_bound {I} (f : I -> R) : forall S s, In s S -> Rabs (f s) <= sum (fun s => Rabs (f s)) S.
Proof.
  induction S as [|q S IH]; intros s' []; simpl.
  - subst. assert (0 <= sum (fun s => Rabs (f s)) S) by (apply sum_pos; intros; apply Rabs_pos). lra.
  - specialize (IH s' H). assert (0 <= Rabs (f q)) by apply Rabs_pos. lra.
Qed.

(* a row with one entry *)
Definition urow (j : nat) (b : R) (w : nat) : list R := repeat 0 j ++ b :: repeat 0 (w - j - 1).
Lemma urow_dot : forall j b w u, dot (urow j b w) u = b * nth j u 0.
Proof.
  intros j b w. unfold urow. generalize (w - j - 1)%nat as q. induction j; intros q [|y u]; simpl.
  - ring. 
  - rewrite dot_rep0. ring.
  - ring.
  - rewrite IHj. ring.
Qed.
Lemma urow_length j b w : (j < w)%nat -> length (urow j b w) = w.
Proof. intros. unfold urow. rewrite app_length. simpl. rewrite !repeat_length. lia. Qed.
Lemma map_nth_seq {A} (f : R -> A) : forall cs, map (fun j => f (nth j cs 0)) (seq 0 (length cs)) = map f cs.
Proof. induction cs; simpl; auto. f_equal. rewrite <- seq_shift, map_map. exact IHcs. Qed.
Lemma map_nth_seq_gen {A} (f : list R -> A) : forall cs, map (fun j => f (nth j cs [])) (seq 0 (length cs)) = map f cs.
Proof. induction cs; simpl; auto. f_equal. rewrite <- seq_shift, map_map. exact IHcs. Qed.
Lemma nth_map_seq (f : nat -> R) m k : (k < m)%nat -> nth k (map f (seq 0 m)) 0 = f k.
Proof.
  intros. rewrite (nth_indep _ 0 (f 0%nat)) by (rewrite map_length, seq_length; auto). rewrite map_nth, seq_nth; auto.
Qed.
Lemma sqd_sumn : forall m u y, length u = m -> length y = m ->
  sqd u y = sumn m (fun k => (nth k u 0 - nth k y 0) * (nth k u 0 - nth k y 0)).
Proof. induction m; intros [|a u] [|b y] H1 H2; try discriminate; simpl; auto. rewrite (IHm u y); auto. Qed.
Lemma sumn_ext m : forall f g, (forall k, (k < m)%nat -> f k = g k) -> sumn m f = sumn m g.
Proof. induction m; simpl; intros f g H; auto. rewrite H by lia. f_equal. apply IHm. intros; apply H; lia. Qed.
Lemma sumn_le m : forall f g, (forall k, (k < m)%nat -> f k <= g k) -> sumn m f <= sumn m g.
Proof.
  induction m; simpl; intros f g H; [lra|]. assert (f 0%nat <= g 0%nat) by (apply H; lia).
  assert (sumn m (fun k => f (S k)) <= sumn m (fun k => g (S k))) by (apply IHm; intros; apply H; lia). lra.
Qed.
Lemma sumn_lt m : forall f g k0, (k0 < m)%nat -> (forall k, (k < m)%nat -> f k <= g k) -> f k0 < g k0 -> sumn m f < sumn m g.
Proof.
  induction m; intros f g k0 K H L; [lia|]. simpl. destruct k0.
  - assert (sumn m (fun k => f (S k)) <= sumn m (fun k => g (S k))) by (apply sumn_le; intros; apply H; lia). lra.
  - assert (f 0%nat <= g 0%nat) by (apply H; lia).
    assert (sumn m (fun k => f (S k)) < sumn m (fun k => g (S k))) by (apply (IHm _ _ k0); auto; [lia|intros; apply H; lia]). lra.
Qed.

(* more than n vectors of length n are dependent, so a combination of many is one of n of them *)
Lemma dot_nil_r u : dot u [] = 0.
Proof. destruct u; auto. Qed.
Lemma sum_perm {I} (f : I -> R) S T : Permutation S T -> sum f S = sum f T.
Proof. induction 1; simpl; lra. Qed.
Lemma classic_hd {I} (S : list I) (f : I -> R) : (forall i, In i S -> f i = 0) \/ exists i, In i S /\ f i <> 0.
Proof.
  induction S as [|a S [Z|(i & Hi & N)]]; [left; intros ? []| |right; exists i; split; [right|]; auto].
  destruct (Req_EM_T (f a) 0); [left; intros i [<-|Hi]; auto|right; exists a; split; [left|]; auto].
Qed.
Lemma dependent {I} : forall n (a : I -> list R) S, (forall i, In i S -> length (a i) = n) -> (n < length S)%nat ->
  exists T : list (I * R), Permutation (map fst T) S /\ (exists q, In q T /\ snd q <> 0) /\ forall X, sum (fun q => snd q * dot (a (fst q)) X) T = 0.
Proof.
  assert (U : forall S : list I, map fst (map (fun i => (i, 1)) S) = S) by (intros; rewrite map_map; apply map_id).
  induction n as [|n IH]; intros a S HA L.
  - exists (map (fun i => (i, 1)) S). rewrite U. split; [auto|]. split.
    + destruct S as [|i S]; [simpl in L; lia|]. exists (i, 1). simpl. split; [auto|lra].
    + intros X. apply sum_0. intros q Hq. apply in_map_iff in Hq. destruct Hq as (i & <- & Hi). specialize (HA i Hi). simpl. destruct (a i); [simpl; ring|discriminate].
  - assert (EA : forall i, In i S -> a i = hd 0 (a i) :: tl (a i)).
    { intros i Hi. specialize (HA i Hi). destruct (a i); [discriminate|auto]. }
    assert (LT : forall i, In i S -> length (tl (a i)) = n) by (intros i Hi; specialize (HA i Hi); destruct (a i); simpl in *; lia).
    destruct (classic_hd S (fun i => hd 0 (a i))) as [Z|(b & Hb & Nb)].
    + destruct (IH (fun i => tl (a i)) S LT) as (T & P & N & E); [lia|]. exists T. split; auto. split; auto. intros X.
      transitivity (sum (fun q => snd q * dot (tl (a (fst q))) (tl X)) T); [|apply E]. apply sum_ext. intros q Hq.
      assert (Hi : In (fst q) S) by (eapply Permutation_in; [exact P|apply in_map; auto]). rewrite (EA _ Hi), (Z _ Hi). cbn [tl].
      destruct X; simpl; rewrite ?dot_nil_r; ring.
    + destruct (in_split _ _ Hb) as (S1 & S2 & ES). set (S' := S1 ++ S2). assert (IS : forall i, In i S' -> In i S).
      { intros i Hi. rewrite ES. apply in_app_or in Hi. apply in_or_app. simpl. tauto. }
      set (ratio := fun i => hd 0 (a i) / hd 0 (a b)).
      destruct (IH (fun i => vadd (tl (a i)) (map (Rmult (- ratio i)) (tl (a b)))) S') as (T & P & N & E).
      * intros i Hi. rewrite vadd_length; [apply LT; auto|]. rewrite map_length, !LT; auto.
      * unfold S'. rewrite ES in L. rewrite app_length in *. simpl in L. lia.
      * exists ((b, - sum (fun q => snd q * ratio (fst q)) T) :: T). split; [|split].
        -- simpl. rewrite ES. apply Permutation_trans with (b :: S'); [auto|apply Permutation_middle].
        -- destruct N as (q & Hq & Nq). exists q. split; [right|]; auto.
        -- intros X. simpl. transitivity (sum (fun q => snd q * dot (vadd (tl (a (fst q))) (map (Rmult (- ratio (fst q))) (tl (a b)))) (tl X)) T); [|apply E].
           transitivity (sum (fun q => (- dot (a b) X) * (snd q * ratio (fst q)) + snd q * dot (a (fst q)) X) T).
           { rewrite sum_plus, sum_scal. ring. }
           apply sum_ext. intros q Hq. assert (Hi : In (fst q) S') by (eapply Permutation_in; [exact P|apply in_map; auto]).
           rewrite dot_vadd, dot_scale. destruct X as [|x X]; cbn [tl]; rewrite ?dot_nil_r; [ring|].
           assert (DI : forall i, In i S -> dot (a i) (x :: X) = hd 0 (a i) * x + dot (tl (a i)) X) by (intros i Hi'; rewrite (EA i Hi') at 1; reflexivity).
           rewrite (DI b Hb), (DI _ (IS _ Hi)). unfold ratio. field. auto.
Qed.
Lemma fewer {I} n (a : I -> list R) : forall S : list (R * I), (forall p, In p S -> length (a (snd p)) = n) -> (n < length S)%nat ->
  exists S', Datatypes.S (length S') = length S /\ (forall p, In p S' -> In (snd p) (map snd S)) /\
    forall X, sum (fun p => fst p * dot (a (snd p)) X) S' = sum (fun p => fst p * dot (a (snd p)) X) S.
Proof.
  intros S HA L. destruct (dependent n (fun p => a (snd p)) S HA L) as (T & P & ([[v0 i0] m0] & H0 & N0) & E). simpl in N0.
  destruct (in_split _ _ H0) as (T1 & T2 & ET). exists (map (fun q : R * I * R => (fst (fst q) - v0 / m0 * snd q, snd (fst q))) (T1 ++ T2)).
  assert (PT : Permutation T (((v0, i0), m0) :: T1 ++ T2)) by (rewrite ET; apply Permutation_sym, Permutation_middle).
  split; [|split].
  - rewrite map_length. apply Permutation_length in P, PT. rewrite map_length in P. simpl in PT. lia.
  - intros p Hp. apply in_map_iff in Hp. destruct Hp as (q & <- & Hq). simpl. apply in_map. eapply Permutation_in; [exact P|]. apply in_map.
    eapply Permutation_in; [apply Permutation_sym; exact PT|]. right. auto.
  - intros X. rewrite sum_map. cbn [fst snd]. rewrite <- (sum_perm _ _ _ P), sum_map, (sum_perm _ _ _ PT). specialize (E X). rewrite (sum_perm _ _ _ PT) in E. simpl in *.
    transitivity (sum (fun i : R * I * R => fst (fst i) * dot (a (snd (fst i))) X + (- (v0 / m0)) * (snd i * dot (a (snd (fst i))) X)) (T1 ++ T2)); [apply sum_ext; intros; ring|].
    rewrite sum_plus, sum_scal. replace (sum (fun q : R * I * R => snd q * dot (a (snd (fst q))) X) (T1 ++ T2)) with (- (m0 * dot (a i0) X)) by lra. field. auto.
Qed.
Lemma at_most {I} n (a : I -> list R) m : (n <= m)%nat -> forall w (S : list (R * I)), (forall p, In p S -> length (a (snd p)) = n) -> length S = (w + m)%nat ->
  exists S', length S' = m /\ (forall p, In p S' -> In (snd p) (map snd S)) /\
    forall X, sum (fun p => fst p * dot (a (snd p)) X) S' = sum (fun p => fst p * dot (a (snd p)) X) S.
Proof.
  intros Hm. induction w as [|w IH]; intros S HA L.
  - exists S. split; auto. split; auto. intros p Hp. apply in_map. auto.
  - destruct (fewer n a S HA) as (S1 & L1 & I1 & E1); [lia|]. destruct (IH S1) as (S2 & L2 & I2 & E2).
    + intros p Hp. specialize (I1 p Hp). apply in_map_iff in I1. destruct I1 as (q & <- & Hq). auto.
    + lia.
    + exists S2. split; auto. split; [|intros X; rewrite E2; auto]. intros p Hp. specialize (I2 p Hp). apply in_map_iff in I2. destruct I2 as (q & <- & Hq). auto.
Qed.
(* the same of non-negative weights, which stay so *)
Lemma least_ratio {I} (f m : I -> R) : forall T : list I, (exists q, In q T /\ 0 < m q) ->
  exists q, In q T /\ 0 < m q /\ forall q', In q' T -> 0 < m q' -> f q * m q' <= f q' * m q.
Proof.
  induction T as [|p T IH]; intros (q & Hq & Mq); [destruct Hq|]. assert (D : (exists q, In q T /\ 0 < m q) \/ forall q, In q T -> m q <= 0).
  { clear. induction T as [|a T [(q & Hq & Mq)|N]]; [right; intros q []|left; exists q; split; [right|]; auto|].
    destruct (Rlt_le_dec 0 (m a)); [left; exists a; split; [left|]; auto|right; intros q [<-|Hq]; auto]. }
  destruct D as [E|N].
  - destruct (IH E) as (b & Hb & Mb & B). destruct (Rlt_le_dec 0 (m p)) as [P|P].
    + destruct (Rle_lt_dec (f b * m p) (f p * m b)) as [L|L].
      * exists b. split; [right; auto|]. split; auto. intros q' [<-|Hq'] Mq'; auto.
      * exists p. split; [left; auto|]. split; auto. intros q' [<-|Hq'] Mq'; [lra|]. specialize (B q' Hq' Mq').
        apply Rmult_le_reg_r with (m b); auto. apply Rle_trans with (f b * m p * m q'); [nra|]. replace (f q' * m p * m b) with (f q' * m b * m p) by ring. nra.
    + exists b. split; [right; auto|]. split; auto. intros q' [<-|Hq'] Mq'; [lra|auto].
  - exists q. destruct Hq as [<-|Hq]; [|specialize (N q Hq); lra]. split; [left; auto|]. split; auto. intros q' [<-|Hq'] Mq'; [lra|specialize (N q' Hq'); lra].
Qed.
Lemma fewer_positive {I} n (a : I -> list R) : forall S : list (R * I), (forall p, In p S -> length (a (snd p)) = n /\ 0 <= fst p) -> (n < length S)%nat ->
  exists S', Datatypes.S (length S') = length S /\ (forall p, In p S' -> In (snd p) (map snd S) /\ 0 <= fst p) /\
    forall X, sum (fun p => fst p * dot (a (snd p)) X) S' = sum (fun p => fst p * dot (a (snd p)) X) S.
Proof.
  intros S HA L. destruct (dependent n (fun p => a (snd p)) S (fun p Hp => proj1 (HA p Hp)) L) as (T0 & P0 & (q0 & H0 & N0) & E0).
  assert (X : exists T : list (R * I * R), Permutation (map fst T) S /\ (exists q, In q T /\ 0 < snd q) /\ forall X, sum (fun q => snd q * dot (a (snd (fst q))) X) T = 0).
  { destruct (Rlt_le_dec 0 (snd q0)) as [G|G]; [exists T0; split; [auto|]; split; [exists q0; auto|auto]|].
    exists (map (fun q => (fst q, - snd q)) T0). rewrite map_map. cbn [fst]. split; [exact P0|]. split.
    - exists (fst q0, - snd q0). split; [apply in_map_iff; exists q0; auto|]. cbn [snd]. lra.
    - intros X. rewrite sum_map. cbn [fst snd]. rewrite (sum_ext _ (fun q : R * I * R => -1 * (snd q * dot (a (snd (fst q))) X))) by (intros; ring). rewrite sum_scal, E0. ring. }
  clear T0 P0 q0 H0 N0 E0. destruct X as (T & P & M & E). destruct (least_ratio (fun q => fst (fst q)) snd T M) as ([[v0 i0] m0] & H0 & N0 & LR). simpl in N0, LR.
  destruct (in_split _ _ H0) as (T1 & T2 & ET). exists (map (fun q : R * I * R => (fst (fst q) - v0 / m0 * snd q, snd (fst q))) (T1 ++ T2)).
  assert (PT : Permutation T (((v0, i0), m0) :: T1 ++ T2)) by (rewrite ET; apply Permutation_sym, Permutation_middle).
  split; [|split].
  - rewrite map_length. apply Permutation_length in P, PT. rewrite map_length in P. simpl in PT. lia.
  - intros p Hp. apply in_map_iff in Hp. destruct Hp as (q & <- & Hq). cbn [fst snd]. assert (HT : In q T) by (eapply Permutation_in; [apply Permutation_sym; exact PT|right; auto]).
    assert (HS : In (fst q) S) by (eapply Permutation_in; [exact P|apply in_map; auto]). split; [apply in_map, HS|]. assert (V0 : 0 <= v0).
    { apply (HA (v0, i0)). eapply Permutation_in; [exact P|]. change (v0, i0) with (fst (v0, i0, m0)). apply in_map, H0. }
    assert (VQ := proj2 (HA _ HS)). assert (Q0 : 0 <= v0 / m0) by (apply Rmult_le_pos; [auto|apply Rlt_le, Rinv_0_lt_compat; auto]).
    destruct (Rlt_le_dec 0 (snd q)) as [G|G]; [|assert (v0 / m0 * snd q <= 0) by nra; lra]. specialize (LR q HT G).
    assert (v0 / m0 * snd q <= fst (fst q)); [|lra]. apply Rmult_le_reg_r with m0; auto. replace (v0 / m0 * snd q * m0) with (v0 * snd q) by (field; lra). exact LR.
  - intros X. rewrite sum_map. cbn [fst snd]. rewrite <- (sum_perm _ _ _ P), sum_map, (sum_perm _ _ _ PT). specialize (E X). rewrite (sum_perm _ _ _ PT) in E. simpl in *.
    transitivity (sum (fun i : R * I * R => fst (fst i) * dot (a (snd (fst i))) X + (- (v0 / m0)) * (snd i * dot (a (snd (fst i))) X)) (T1 ++ T2)); [apply sum_ext; intros; ring|].
    rewrite sum_plus, sum_scal. replace (sum (fun q : R * I * R => snd q * dot (a (snd (fst q))) X) (T1 ++ T2)) with (- (m0 * dot (a i0) X)) by lra. field. lra.
Qed.
Lemma at_most_positive {I} n (a : I -> list R) : forall w (S : list (R * I)), (forall p, In p S -> length (a (snd p)) = n /\ 0 <= fst p) -> length S = (w + n)%nat ->
  exists S', length S' = n /\ (forall p, In p S' -> In (snd p) (map snd S) /\ 0 <= fst p) /\
    forall X, sum (fun p => fst p * dot (a (snd p)) X) S' = sum (fun p => fst p * dot (a (snd p)) X) S.
Proof.
  induction w as [|w IH]; intros S HA L.
  - exists S. split; auto. split; auto. intros p Hp. split; [apply in_map; auto|apply HA, Hp].
  - destruct (fewer_positive n a S HA) as (S1 & L1 & I1 & E1); [lia|]. destruct (IH S1) as (S2 & L2 & I2 & E2).
    + intros p Hp. destruct (I1 p Hp) as [IP PP]. split; auto. apply in_map_iff in IP. destruct IP as (q & <- & Hq). apply HA, Hq.
    + lia.
    + exists S2. split; auto. split; [|intros X; rewrite E2; auto]. intros p Hp. destruct (I2 p Hp) as [IP PP]. split; auto. apply in_map_iff in IP. destruct IP as (q & <- & Hq). apply I1, Hq.
Qed.
