(* the checker of face_minimum *)
Require Import Reals List Lra Lia Arith Bool.
From Symverify Require Import Spec InteriorMinimum Numbers InteriorCheck Bound FaceMinimum.
Import ListNotations.
Open Scope R_scope.
Section FaceCheck.
Variable K : ops.
Variable KR : num K.
Notation t := (T K).
Notation r := (toR KR).
Notation rv := (rv KR).
Infix "+!" := (add K) (at level 50, left associativity).
Infix "*!" := (mul K) (at level 40, left associativity).
Infix "-!" := (sub K) (at level 50, left associativity).
Notation z0 := (zero K).

Definition first (ps : list (t * t * t)) (last : t * t) : option t * (t * t) :=
  match ps with [] => (None, last) | p :: _ => (Some (fst (fst p)), (snd (fst p), snd p)) end.
Fixpoint sidesT (ps : list (t * t * t)) (last : t * t) (z : t) : option (t * t) :=
  match ps with
  | [] => Some (fst last, fst last)
  | p :: ps' =>
      let b := fst (fst p) in let s := snd (fst p) in
      if ltb K z b then Some (s, s) else if ltb K b z then sidesT ps' last z
      else let '(b2, so2) := first ps' last in
        if eqb K (s *! b +! snd p) (fst so2 *! b +! snd so2) && match b2 with None => true | Some b2 => ltb K b b2 end
        then Some (s, fst so2) else None
  end.
Lemma sidesT_ok h z sm sp : sidesT (fst h) (snd h) z = Some (sm, sp) -> sides (ra KR h) (r z) (r sm) (r sp).
Proof.
  destruct h as [ps last]. unfold sides, ev. cbn [fst snd ra]. fold (raps K KR ps). fold (rlast K KR last).
  revert sm sp. induction ps as [|p ps IH]; simpl; intros sm sp E.
  - inversion E; subst. exists 1. split; [lra|]. intros z' _. destruct (Rle_dec z' (r z)); simpl; ring.
  - destruct (ltb K z (fst (fst p))) eqn:E1.
    + inversion E; subst. apply (ltb_ok KR) in E1. exists (r (fst (fst p)) - r z). split; [lra|]. intros z' Hz.
      apply Rabs_def2 in Hz. destruct (Rle_dec z' (r (fst (fst p)))) as [HA|HA]; [|exfalso; lra].
      destruct (Rle_dec (r z) (r (fst (fst p)))) as [HB|HB]; [|exfalso; lra]. destruct (Rle_dec z' (r z)); ring.
    + destruct (ltb K (fst (fst p)) z) eqn:E2.
      * apply (ltb_ok KR) in E2. destruct (IH _ _ E) as (d & Hd & HH). exists (Rmin d (r z - r (fst (fst p)))). split; [apply Rmin_pos; lra|].
        intros z' Hz. assert (L1 := Rmin_l d (r z - r (fst (fst p)))). assert (L2 := Rmin_r d (r z - r (fst (fst p)))).
        assert (A : Rabs (z' - r z) < r z - r (fst (fst p))) by lra. apply Rabs_def2 in A.
        destruct (Rle_dec z' (r (fst (fst p)))) as [HA|HA]; [exfalso; lra|]. destruct (Rle_dec (r z) (r (fst (fst p)))) as [HB|HB]; [exfalso; lra|].
        apply HH. lra.
      * unfold ltb in E1, E2. apply negb_false_iff in E1, E2. apply (leb_ok KR) in E1, E2. assert (EZ : r z = r (fst (fst p))) by lra.
        destruct ps as [|p2 ps]; simpl in E.
        -- destruct (eqb K _ _) eqn:EQ; [|discriminate]. simpl in E. inversion E; subst. apply (eqb_ok KR) in EQ. rewrite !toR_add, !toR_mul in EQ.
           exists 1. split; [lra|]. intros z' _. rewrite <- EZ in *. destruct (Rle_dec (r z) (r z)) as [HB|HB]; [|exfalso; lra].
           destruct (Rle_dec z' (r z)); simpl; [ring|]. rewrite EQ. ring.
        -- destruct (eqb K _ _) eqn:EQ; [|discriminate]. destruct (ltb K (fst (fst p)) (fst (fst p2))) eqn:EL; [|discriminate]. simpl in E.
           inversion E; subst. apply (eqb_ok KR) in EQ. rewrite !toR_add, !toR_mul in EQ. apply (ltb_ok KR) in EL.
           exists (r (fst (fst p2)) - r z). split; [lra|]. intros z' Hz. apply Rabs_def2 in Hz. rewrite <- EZ in *.
           destruct (Rle_dec (r z) (r z)) as [HB|HB]; [|exfalso; lra]. destruct (Rle_dec z' (r z)); simpl; [ring|].
           destruct (Rle_dec z' (r (fst (fst p2)))) as [HC|HC]; [|exfalso; lra]. rewrite EQ. ring.
Qed.

Variables (bh bo : bool) (h : act t).
Definition hidT (W : list (list t)) (x : list t) := map (fun row => evT K h (dotT K row (extT K bh x))) W.
Lemma hidT_ok W x : rv (hidT W x) = hid bh (ra KR h) (rm KR W) (rv x).
Proof.
  unfold hidT, hid, rv at 1, rm. rewrite !map_map. apply map_ext. intros row. rewrite evT_ok, dotT_ok, extT_ok. reflexivity.
Qed.
Definition coT (out : list t) := if bo then hd z0 out else z0.
Definition voT (out : list t) := if bo then tl out else out.
Variable g : list t -> list t -> list t.
Definition resT (D : list (list t * list t)) out W : list (t * list t) :=
  map (fun d => (hd z0 (g [coT out +! dotT K (voT out) (hidT W (fst d))] (snd d)), fst d)) D.
Definition rE (E : list (t * list t)) : list (R * list R) := map (fun e => (r (fst e), rv (snd e))) E.

Definition itemT : Type := ((t * list t) * (t * (t * t)))%type.
Definition ri (q : itemT) : item := ((r (fst (fst q)), rv (snd (fst q))), (r (fst (snd q)), (r (fst (snd (snd q))), r (snd (snd (snd q)))))).
Fixpoint itemsT (row : list t) (E : list (t * list t)) (mus : list t) : option (list itemT) :=
  match E, mus with
  | [], [] => Some []
  | e :: E', mu :: mus' => match sidesT (fst h) (snd h) (dotT K row (extT K bh (snd e))), itemsT row E' mus' with
      | Some s, Some l => Some ((e, (mu, s)) :: l) | _, _ => None end
  | _, _ => None
  end.
Definition good_pos (q : itemT) : bool :=
  leb K (fst (snd q)) (fst (fst q) *! snd (snd (snd q))) && leb K (fst (fst q) *! fst (snd (snd q))) (fst (snd q)).
Definition good_neg (q : itemT) : bool :=
  leb K (fst (fst q) *! snd (snd (snd q))) (fst (snd q)) && leb K (fst (snd q)) (fst (fst q) *! fst (snd (snd q))).
Definition unitT (dim : nat) (E : list (t * list t)) (v : t) (row mus : list t) : bool :=
  eqb K (sumT K (fun e : t * list t => fst e *! evT K h (dotT K row (extT K bh (snd e)))) E) z0 &&
  match itemsT row E mus with
  | None => false
  | Some L =>
      forallb (fun q : itemT => (length (extT K bh (snd (fst q))) <=? dim)%nat) L &&
      forallb (fun m => eqb K (sumT K (fun q : itemT => fst (snd q) *! nth m (extT K bh (snd (fst q))) z0) L) z0) (seq 0 dim) &&
      (ltb K v z0 || forallb good_pos L) && (ltb K z0 v || forallb good_neg L)
  end.
Lemma itemsT_ok row : forall E mus L, itemsT row E mus = Some L -> map fst L = E /\
  forall q, In q L -> sides (ra KR h) (dot (rv row) (ext bh (rv (snd (fst q))))) (r (fst (snd (snd q)))) (r (snd (snd (snd q)))).
Proof.
  induction E as [|e E IH]; intros [|mu mus] L H; simpl in H; try discriminate.
  - inversion H; subst. simpl. split; auto. intros q [].
  - destruct (sidesT _ _ _) as [[sm sp]|] eqn:ES; [|discriminate]. destruct (itemsT row E mus) eqn:EI; [|discriminate].
    inversion H; subst. destruct (IH _ _ EI) as [I1 I2]. simpl. rewrite I1. split; auto. intros q [<-|Hq]; auto.
    simpl. apply sidesT_ok in ES. rewrite dotT_ok, extT_ok in ES. exact ES.
Qed.
Lemma unitT_ok dim E v row mus : unitT dim E v row mus = true -> unit_cond bh (ra KR h) (rE E) (r v) (rv row).
Proof.
  unfold unitT. intros H. apply andb_prop in H. destruct H as [HZ H]. destruct (itemsT row E mus) as [L|] eqn:EI; [|discriminate].
  apply andb_prop in H. destruct H as [H HN]. apply andb_prop in H. destruct H as [H HP]. apply andb_prop in H. destruct H as [HD HM].
  destruct (itemsT_ok _ _ _ _ EI) as [I1 I2]. rewrite forallb_forall in HD, HM.
  assert (Z : phiE bh (ra KR h) (rE E) (rv row) = 0).
  { apply (eqb_ok KR) in HZ. rewrite toR_zero, sumT_ok in HZ. unfold phiE, rE. rewrite sum_map. etransitivity; [|exact HZ]. apply sum_ext.
    intros e _. simpl. rewrite toR_mul, evT_ok, dotT_ok, extT_ok. reflexivity. }
  assert (M : forall m, sum (fun q => fst (snd q) * nth m (ext bh (snd (fst q))) 0) (map ri L) = 0).
  { intros m. rewrite sum_map. destruct (le_lt_dec dim m) as [Q|Q].
    - apply sum_0. intros q Hq. specialize (HD q Hq). apply Nat.leb_le in HD. simpl. rewrite nth_overflow; [ring|].
      rewrite <- extT_ok. unfold InteriorCheck.rv. rewrite map_length. lia.
    - assert (H3 : In m (seq 0 dim)) by (apply in_seq; lia). apply HM, (eqb_ok KR) in H3. rewrite toR_zero, sumT_ok in H3.
      etransitivity; [|exact H3]. apply sum_ext. intros q _. simpl. rewrite toR_mul, <- extT_ok. f_equal. rewrite <- (toR_zero KR). unfold InteriorCheck.rv. apply map_nth. }
  assert (GP : forallb good_pos L = true -> forall q, In q (map ri L) -> good bh (ra KR h) 1 (rv row) q).
  { intros G q Hq. rewrite forallb_forall in G. apply in_map_iff in Hq. destruct Hq as (q0 & <- & Hq). specialize (G q0 Hq). specialize (I2 q0 Hq).
    apply andb_prop in G. destruct G as [G1 G2]. apply (leb_ok KR) in G1, G2. rewrite toR_mul in G1, G2. split; [exact I2|]. simpl. lra. }
  assert (GN : forallb good_neg L = true -> forall q, In q (map ri L) -> good bh (ra KR h) (-1) (rv row) q).
  { intros G q Hq. rewrite forallb_forall in G. apply in_map_iff in Hq. destruct Hq as (q0 & <- & Hq). specialize (G q0 Hq). specialize (I2 q0 Hq).
    apply andb_prop in G. destruct G as [G1 G2]. apply (leb_ok KR) in G1, G2. rewrite toR_mul in G1, G2. split; [exact I2|]. simpl. lra. }
  assert (FE : map fst (map ri L) = rE E) by (rewrite <- I1; unfold rE; rewrite !map_map; reflexivity).
  destruct (ltb K v z0) eqn:V1; [|destruct (ltb K z0 v) eqn:V2].
  - apply (ltb_ok KR) in V1. rewrite toR_zero in V1. assert (V2 : ltb K z0 v = false).
    { destruct (ltb K z0 v) eqn:V2; auto. apply (ltb_ok KR) in V2. rewrite toR_zero in V2. lra. }
    rewrite V2 in HN. simpl in HN. apply (unit_cond_ok bh (ra KR h) _ _ _ [-1]); auto; [|right; left; simpl; auto].
    intros sg [<-|[]]. exists (map ri L). auto.
  - simpl in HP. apply (ltb_ok KR) in V2. rewrite toR_zero in V2. apply (unit_cond_ok bh (ra KR h) _ _ _ [1]); auto; [|left; simpl; auto].
    intros sg [<-|[]]. exists (map ri L). auto.
  - simpl in HP, HN. apply (unit_cond_ok bh (ra KR h) _ _ _ [1; -1]); auto; [|right; right; simpl; auto].
    intros sg [<-|[<-|[]]]; exists (map ri L); auto.
Qed.

Fixpoint unitsF dim E (vs : list t) (W : list (list t)) (mus : list (list t)) : bool :=
  match vs, W, mus with
  | [], [], [] => true
  | v :: vs', row :: W', mu :: mus' => unitT dim E v row mu && unitsF dim E vs' W' mus'
  | _, _, _ => false
  end.
Lemma unitsF_ok dim E : forall vs W mus, unitsF dim E vs W mus = true -> length vs = length W /\
  forall vr, In vr (combine (rv vs) (rm KR W)) -> unit_cond bh (ra KR h) (rE E) (fst vr) (snd vr).
Proof.
  induction vs as [|v vs IH]; intros [|row W] [|mu mus] H; simpl in H; try discriminate.
  - split; auto. intros vr [].
  - apply andb_prop in H. destruct H as [H1 H2]. destruct (IH _ _ H2) as [L I]. simpl. split; [lia|]. intros vr [<-|Hv]; auto.
    simpl. eapply unitT_ok; eauto.
Qed.
Definition isnilb {A} (l : list A) := match l with [] => true | _ => false end.
Definition check_face (dim : nat) (c : t) (D : list (list t * list t)) (out : list t) (W : list (list t)) (mus : list (list t)) : bool :=
  let res := resT D out W in
  leb K z0 c && (negb bo || negb (isnilb out) && eqb K (sumT K (fun e : t * list t => fst e) res) z0) &&
  forallb (fun d : list t * list t => (length (snd d) =? 1)%nat) D && unitsF dim res (voT out) W mus.
Theorem check_face_ok l L dim c D out W mus : means KR l g L -> check_face dim c D out W mus = true ->
  local_min (risk_of (value L) (r c) (rN KR [(bo, act_out K); (bh, h)]) (rD KR D)) (rp KR [[out]; W]).
Proof.
  unfold check_face. intros [_ HG] H. apply andb_prop in H. destruct H as [H HU]. apply andb_prop in H. destruct H as [H HY].
  apply andb_prop in H. destruct H as [Hc HB]. apply (leb_ok KR) in Hc. rewrite toR_zero in Hc. rewrite forallb_forall in HY.
  destruct (unitsF_ok _ _ _ _ _ HU) as [LL I].
  assert (EN : rN KR [(bo, act_out K); (bh, h)] = NF bh (ra KR h) bo).
  { unfold NF, outR, rN, act_out, ra. simpl. rewrite toR_one, toR_zero. reflexivity. }
  rewrite EN. assert (EV : vo bo (rv out) = rv (voT out)) by (unfold vo, voT; destruct bo; auto; destruct out; auto).
  assert (EC : co bo (rv out) = r (coT out)) by (unfold co, coT; destruct bo; [destruct out; simpl; auto|]; rewrite toR_zero; auto).
  assert (ER : map (fun d : list R * list R => (hd 0 (slope L [co bo (rv out) + dot (vo bo (rv out)) (hid bh (ra KR h) (rm KR W) (fst d))] (snd d)), fst d)) (rD KR D) = rE (resT D out W)).
  { unfold rD, rE, resT. rewrite !map_map. apply map_ext. intros d. cbn [fst snd]. f_equal.
    assert (EF : [co bo (rv out) + dot (vo bo (rv out)) (hid bh (ra KR h) (rm KR W) (rv (fst d)))] = rv [coT out +! dotT K (voT out) (hidT W (fst d))])
      by (transitivity [r (coT out +! dotT K (voT out) (hidT W (fst d)))]; [f_equal; rewrite toR_add, dotT_ok, hidT_ok, EC, EV|]; reflexivity).
    rewrite EF, <- HG. destruct (g _ _); simpl; [rewrite toR_zero|]; reflexivity. }
  apply (face_minimum bh (ra KR h) bo L (r c) (rD KR D) (rv out) (rm KR W)); auto.
  - rewrite EV. unfold InteriorCheck.rv, rm. rewrite !map_length. auto.
  - intros B. rewrite B in HB. simpl in HB. apply andb_prop in HB. destruct HB as [HB _]. destruct out; [discriminate|]. discriminate.
  - intros d Hd. unfold rD in Hd. apply in_map_iff in Hd. destruct Hd as (d0 & <- & Hd). cbn [snd]. unfold InteriorCheck.rv. rewrite map_length.
    apply Nat.eqb_eq, HY; auto.
  - intros B. rewrite ER. rewrite B in HB. simpl in HB. apply andb_prop in HB. destruct HB as [_ HB]. apply (eqb_ok KR) in HB.
    rewrite toR_zero, sumT_ok in HB. unfold rE. rewrite sum_map. exact HB.
  - rewrite ER, EV. exact I.
Qed.
End FaceCheck.
